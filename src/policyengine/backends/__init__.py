"""Back ends: engines that match facts against the rules of a decision."""
