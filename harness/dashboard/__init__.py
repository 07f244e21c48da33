"""One page over the asv results: `results` reads, `history` orders, `changes` judges, and `page` shows them."""
