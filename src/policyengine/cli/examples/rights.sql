-- What the service may do in its database, and no more: whoever gets hold of it cannot change or delete a record.
--
--   policyengine log migrate --log postgresql://OWNER@HOST/DATABASE     the owner of the tables makes them
--   policyengine example postgresql | psql postgresql://OWNER@HOST/DATABASE
--   policyengine serve --log postgresql://policyengine@HOST/DATABASE    the service has these rights alone
--
-- `log migrate` and `log retain` are run as the owner. Give the role a password, or another way to prove who it is.

CREATE ROLE policyengine LOGIN;
GRANT SELECT, INSERT ON records, record_rules, bundles, bundle_files TO policyengine;
GRANT SELECT, UPDATE ON chain TO policyengine;
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO policyengine;
GRANT SELECT ON alembic_version TO policyengine;
