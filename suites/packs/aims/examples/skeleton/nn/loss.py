def cross_entropy_loss(logits, targets):
    raise NotImplementedError
