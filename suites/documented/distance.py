"""Norms and distances, on `torch.randn(100, 128)` as in the documentation, shrunk."""

from . import INF, draws, example

randn, _, _ = draws(5)
PAIR, ROWS = {"x1": randn(10, 8), "x2": randn(10, 8)}, randn(5, 4)

EXAMPLES = [
    example("cosine_similarity", **PAIR),
    example("cosine_similarity", **PAIR, dim=0),
    example("cosine_similarity", x1=randn(2, 1, 4), x2=randn(3, 4), dim=-1, eps=1e-3),
    example("pairwise_distance", **PAIR),
    example("pairwise_distance", x1=randn(8), x2=randn(8)),
    *(example("pairwise_distance", **PAIR, p=p) for p in (1.0, 3.0, 0.5, INF, -INF, -1.0)),
    example("pairwise_distance", **PAIR, eps=0.1),
    example("pairwise_distance", **PAIR, keepdim=True),
    example("pdist", input=ROWS),
    *(example("pdist", input=ROWS, p=p) for p in (1.0, 3.0, 1.5, INF, 0.0)),
    example("normalize", input=ROWS),
    *(example("normalize", input=ROWS, p=p) for p in (1.0, 3.0, 0.5, INF)),
    example("normalize", input=randn(2, 3, 4), dim=-1),
    example("normalize", input=randn(2, 3, 4), dim=(0, 2)),
    example("normalize", input=ROWS * 0.1, dim=0, eps=0.5),
]
