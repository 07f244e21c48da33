import numpy as np

from ..layers import *
from ..rnn_layers import *


class CaptioningRNN(object):
    def __init__(
        self, word_to_idx, input_dim=512, wordvec_dim=128, hidden_dim=128, cell_type="rnn", dtype=np.float32
    ):
        self.cell_type = cell_type
        self._null = word_to_idx["<NULL>"]
        vocab, gates = len(word_to_idx), 4 if cell_type == "lstm" else 1
        draw = np.random.randn
        self.params = {
            "W_embed": draw(vocab, wordvec_dim) / 100,
            "W_proj": draw(input_dim, hidden_dim) / np.sqrt(input_dim),
            "b_proj": np.zeros(hidden_dim),
            "Wx": draw(wordvec_dim, gates * hidden_dim) / np.sqrt(wordvec_dim),
            "Wh": draw(hidden_dim, gates * hidden_dim) / np.sqrt(hidden_dim),
            "b": np.zeros(gates * hidden_dim),
            "W_vocab": draw(hidden_dim, vocab) / np.sqrt(hidden_dim),
            "b_vocab": np.zeros(vocab),
        }
        for name, value in self.params.items():
            self.params[name] = value.astype(dtype)

    def loss(self, features, captions):
        captions_in, captions_out = captions[:, :-1], captions[:, 1:]
        mask = captions_out != self._null
        p, grads = self.params, {}
        forward = lstm_forward if self.cell_type == "lstm" else rnn_forward
        backward = lstm_backward if self.cell_type == "lstm" else rnn_backward
        h0, proj_cache = affine_forward(features, p["W_proj"], p["b_proj"])
        words, embed_cache = word_embedding_forward(captions_in, p["W_embed"])
        h, h_cache = forward(words, h0, p["Wx"], p["Wh"], p["b"])
        scores, vocab_cache = temporal_affine_forward(h, p["W_vocab"], p["b_vocab"])
        loss, dscores = temporal_softmax_loss(scores, captions_out, mask)
        dh, grads["W_vocab"], grads["b_vocab"] = temporal_affine_backward(dscores, vocab_cache)
        dwords, dh0, grads["Wx"], grads["Wh"], grads["b"] = backward(dh, h_cache)
        grads["W_embed"] = word_embedding_backward(dwords, embed_cache)
        _, grads["W_proj"], grads["b_proj"] = affine_backward(dh0, proj_cache)
        return loss, grads
