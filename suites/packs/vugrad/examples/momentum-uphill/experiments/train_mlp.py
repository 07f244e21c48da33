from argparse import ArgumentParser

from _context import vugrad
import numpy as np
import vugrad as vg

parser = ArgumentParser()
parser.add_argument("-D", "--dataset", dest="data", default="synth")
parser.add_argument("-b", "--batch-size", dest="batch_size", default=128, type=int)
parser.add_argument("-e", "--epochs", dest="epochs", default=20, type=int)
parser.add_argument("-l", "--learning-rate", dest="lr", default=0.01, type=float)
args = parser.parse_args()

load = vg.load_synth if args.data == "synth" else vg.load_mnist
(xtrain, ytrain), (xval, yval), num_classes = load()


class MLP(vg.Module):
    def __init__(self, input_size, output_size, hidden_mult=4):
        self.layer1 = vg.Linear(input_size, hidden_mult * input_size)
        self.layer2 = vg.Linear(hidden_mult * input_size, output_size)

    def forward(self, input):
        hidden = vg.sigmoid(self.layer1(input))
        return vg.logsoftmax(self.layer2(hidden))

    def parameters(self):
        return self.layer1.parameters() + self.layer2.parameters()


mlp = MLP(xtrain.shape[1], num_classes)

for epoch in range(args.epochs):
    output = mlp(vg.TensorNode(xval))
    print(epoch, "accuracy", (output.value.argmax(axis=1) == yval).mean())
    output.clear()
    total = 0.0
    for fr in range(0, len(xtrain), args.batch_size):
        batch = vg.TensorNode(xtrain[fr : fr + args.batch_size])
        loss = vg.logceloss(mlp(batch), ytrain[fr : fr + args.batch_size])
        total += loss.value
        loss.backward()
        for parm in mlp.parameters():
            parm.value -= args.lr * parm.grad
        loss.zero_grad()
        loss.clear()
    print("running loss", total / len(xtrain))
