"""What expressions mean: values, bounds, unknowns and faults, and whom an unknown is owed to."""
