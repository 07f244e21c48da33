"""A class: every hand-in graded once, whatever happens meanwhile, and what came of it."""
