#!/bin/sh
# Run by PostgreSQL's image, once, while its volume is new: a database for each service, and a role that owns it and can
# connect to no other. The passwords come from the environment and are seen in no list of processes.
set -eu

for service in user task notification vacancy ticket; do
    name=$(echo "$service" | tr '[:lower:]' '[:upper:]')_DB_PASSWORD
    eval "password=\${$name:?}"
    SERVICE=$service PASSWORD=$password psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
        --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv service SERVICE
\getenv password PASSWORD
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --command 'REVOKE ALL ON DATABASE postgres FROM PUBLIC'
