def lint_bundle(bundle):
    return ()
