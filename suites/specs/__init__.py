"""One entry for each reference, in the file of the same name: how its arguments are drawn, and its torch twin."""
