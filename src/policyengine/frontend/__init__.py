"""From text to shape: YAML files read with places, checked against their JSON Schemas."""
