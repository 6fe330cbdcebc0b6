#!/usr/bin/env bash
# Runs once, when the database's volume is empty: the owner, who may make roles but is no superuser, and two databases.
set -euo pipefail
psql --username postgres --set ON_ERROR_STOP=1 --set password="$OWNER_PASSWORD" <<'SQL'
CREATE ROLE kalends_owner LOGIN CREATEROLE NOSUPERUSER PASSWORD :'password';
CREATE DATABASE kalends OWNER kalends_owner;
CREATE DATABASE warehouse OWNER kalends_owner;
SQL
