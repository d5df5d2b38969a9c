"""The checked model: what a bundle says, resolved and typed. Frozen data, no behaviour beyond walking."""
