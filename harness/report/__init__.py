"""From records to what people and machines read."""
