"""The sweep: reads PostgreSQL's own catalogue and says, in words, wherever one tenant could see or touch another's rows."""

from collections.abc import Iterator

import psycopg

from kalends.base.migrations.tables import APP, LOOKUP, WORKER

TENANT_ID = "((SELECT NULLIF(current_setting('kalends.tenant'::text, true), ''::text) AS \"nullif\"))::uuid"

NO_TENANT = {
    "alembic_version": "which migrations have run",
    "sign_in_attempts": "counted before a tenant is known, by digest",
}
"""The tables of `public` that belong to no tenant, and why that is right."""

DEFINERS = {
    "public.list_tenants()",
    "public.find_people(text)",
    "public.find_session(bytea)",
    "public.find_api_key(bytea)",
    "public.find_invite(bytea)",
    "public.find_due_connections(timestamp with time zone)",
    "public.find_due_sources(timestamp with time zone)",
    "public.find_feed(bytea)",
    "public.find_hook(uuid)",
    "jobs.procrastinate_defer_jobs_v1(jobs.procrastinate_job_to_defer_v1[])",
}
"""The only functions that run with other rights than their caller's."""

TABLES = """
    SELECT c.oid, c.relname AS name, c.relkind, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           pg_get_userbyid(c.relowner) AS owner, coalesce(c.reloptions, '{}') AS options,
           array(SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0
                 AND NOT attisdropped) AS columns
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname
"""
POLICIES = """
    SELECT polrelid AS oid, polname AS name, polcmd AS command, polpermissive AS permissive,
           array(SELECT CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END FROM unnest(polroles) role) AS roles,
           pg_get_expr(polqual, polrelid) AS reads, pg_get_expr(polwithcheck, polrelid) AS writes
    FROM pg_policy
"""
FOREIGN_KEYS = """
    SELECT conname AS name, conrelid::regclass::text AS owner, confrelid::regclass::text AS target,
           array(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)) AS columns
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
ROLES = """
    SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,
           rolcanlogin AS can_login,
           array(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = r.oid) AS member_of
    FROM pg_roles r WHERE rolname = ANY (%s)
"""
OWNED = """
    SELECT pg_get_userbyid(relowner) || ' owns ' || oid::regclass::text FROM pg_class
    WHERE pg_get_userbyid(relowner) = ANY (%(roles)s)
    UNION ALL SELECT pg_get_userbyid(proowner) || ' owns ' || oid::regprocedure::text FROM pg_proc
    WHERE pg_get_userbyid(proowner) = ANY (%(roles)s)
    UNION ALL SELECT pg_get_userbyid(nspowner) || ' owns the schema ' || nspname FROM pg_namespace
    WHERE pg_get_userbyid(nspowner) = ANY (%(roles)s)
    UNION ALL SELECT pg_get_userbyid(datdba) || ' owns the database ' || datname FROM pg_database
    WHERE pg_get_userbyid(datdba) = ANY (%(roles)s)
"""
DEFINER_FUNCTIONS = """
    SELECT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')' AS name,
           pg_get_userbyid(p.proowner) AS owner, coalesce(array_to_string(p.proconfig, ','), '') AS config
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
RIGHTS = """
    SELECT role || ' may ' || privilege || ' ' || c.oid::regclass::text
    FROM pg_class c, unnest(%(roles)s::text[]) role, unnest(%(privileges)s::text[]) privilege
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace = %(schema)s::regnamespace
      AND has_table_privilege(role, c.oid, privilege)
"""


def rows(connection: psycopg.Connection, query: str, params: object = None) -> list:
    cursor = connection.cursor(row_factory=psycopg.rows.namedtuple_row)
    return cursor.execute(query, params).fetchall()


def sweep(connection: psycopg.Connection) -> list[str]:
    """Every fault found, each in a sentence; empty where all tenants are apart."""
    return [
        *table_faults(connection),
        *foreign_key_faults(connection),
        *role_faults(connection),
        *definer_faults(connection),
        *right_faults(connection),
    ]


def table_faults(connection: psycopg.Connection) -> Iterator[str]:
    """Tables without forced row-level security, or with a policy that lets more through than it should."""
    policies = rows(connection, POLICIES)
    for table in rows(connection, TABLES):
        if table.relkind == "m":
            yield f"{table.name} is a materialized view: row-level security does not reach into it"
        if table.relkind == "v" and "security_invoker=true" not in table.options:
            yield f"the view {table.name} reads with its owner's rights"
        if table.relkind not in {"r", "p"} or table.name in NO_TENANT:
            continue
        column = "id" if table.name == "tenants" else "tenant_id"
        if column not in table.columns:
            yield f"{table.name} has no tenant"
        if not (table.enabled and table.forced):
            yield f"{table.name} does not force row-level security"
        yield from policy_faults(table.name, column, [policy for policy in policies if policy.oid == table.oid])


def policy_faults(table: str, column: str, policies: list) -> Iterator[str]:
    """There must be the one policy by tenant; beside it at most the look-up role's, for reading."""
    wanted = f"({column} = {TENANT_ID})"
    found = [policy for policy in policies if policy.name == "tenant"]
    if not found:
        yield f"{table} has no policy by tenant"
    for policy in policies:
        said = (policy.command, policy.roles, flat(policy.reads), flat(policy.writes))
        if policy.name == "tenant" and said != ("*", ["public"], flat(wanted), flat(wanted)):
            yield f"the policy of {table} is not the one by tenant: {said}"
        if policy.name != "tenant" and said != ("r", [LOOKUP], "true", ""):
            yield f"{table} has the unknown policy {policy.name}"


def flat(expression: str | None) -> str:
    return " ".join((expression or "").split()).replace("( ", "(").replace(" )", ")")


def foreign_key_faults(connection: psycopg.Connection) -> Iterator[str]:
    """A foreign key without the tenant in it could point at another tenant's row, and would tell that it exists."""
    for key in rows(connection, FOREIGN_KEYS):
        if "tenant_id" not in key.columns:
            yield f"the foreign key {key.name} of {key.owner} leaves the tenant"


def role_faults(connection: psycopg.Connection) -> Iterator[str]:
    """The roles that serve must own nothing, be nobody else, and not be above the policies."""
    for role in rows(connection, ROLES, [[APP, WORKER, LOOKUP]]):
        if role.mighty:
            yield f"{role.name} is above row-level security, or could make itself so"
        if role.member_of:
            yield f"{role.name} may act as {role.member_of}"
        if role.name == LOOKUP and role.can_login:
            yield f"{role.name} may sign in"
    for (owned,) in rows(connection, OWNED, {"roles": [APP, WORKER]}):
        yield owned


def definer_faults(connection: psycopg.Connection) -> Iterator[str]:
    """Functions with other rights than their caller's are exactly the named ones, closed against a planted search path."""
    found = {function.name: function for function in rows(connection, DEFINER_FUNCTIONS)}
    yield from (f"{name} runs with its owner's rights" for name in sorted(found.keys() - DEFINERS))
    yield from (f"{name} is missing" for name in sorted(DEFINERS - found.keys()))
    for name, function in found.items():
        if "search_path=" not in function.config:
            yield f"{name} does not fix its search path"
        if name.startswith("public.") and function.owner != LOOKUP:
            yield f"{name} belongs to {function.owner}"


def right_faults(connection: psycopg.Connection) -> Iterator[str]:
    """What policies do not govern, nobody may do: TRUNCATE, triggers, references; and the queue is closed to the app."""
    beyond = ["TRUNCATE", "REFERENCES", "TRIGGER"]
    asked = [
        ("public", [APP, WORKER, "public"], beyond),
        ("public", ["public"], ["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ("jobs", [APP, "public"], ["SELECT", "INSERT", "UPDATE", "DELETE", *beyond]),
    ]
    for schema, roles, privileges in asked:
        params = {"roles": roles, "privileges": privileges, "schema": schema}
        yield from (said for (said,) in rows(connection, RIGHTS, params))
    audit = {"roles": [APP, WORKER], "privileges": ["UPDATE", "DELETE"], "schema": "public"}
    yield from (said for (said,) in rows(connection, RIGHTS, audit) if said.endswith(" audit_entries"))
    for role in (APP, WORKER, LOOKUP):
        if rows(connection, "SELECT has_schema_privilege(%s, 'public', 'CREATE')", [role])[0][0]:
            yield f"{role} may create things in public"
