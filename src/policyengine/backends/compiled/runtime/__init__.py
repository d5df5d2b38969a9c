"""What the generated code calls: values, arithmetic, functions, lists, tables, dated parameters, splits."""
