def check_tables(bundle, sink):
    pass
