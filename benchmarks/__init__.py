"""asv benchmarks: how fast the references and the judge are, over the project's history."""
