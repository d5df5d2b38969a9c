"""The value domain: types, money, durations, calendar arithmetic. Knows nothing of policies."""
