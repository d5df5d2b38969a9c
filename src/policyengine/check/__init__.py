"""From documents to a checked bundle: names resolved, expressions typed, rules lowered, faults told."""
