"""Tests of the judge: it is trusted only after it has been seen to fail."""
