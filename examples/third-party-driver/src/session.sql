-- What every connection is set to when it is opened.
SET standard_conforming_strings = on; SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
-- Before PostgreSQL 16 only an exception tells that text is no JSON. `->` fails when any string of the text has an escape
-- that is no character to PostgreSQL: those become one that nobody uses. The schema has no part of this.
CREATE FUNCTION pg_temp.decnet_member_equals(body text, name text, wanted text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE member json;
BEGIN
  IF json_typeof(body::json) <> 'object' THEN RETURN false; END IF;
  body := regexp_replace(replace(body, '\\', '\u005c'), '\\u0000|\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])'
    '|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..', U&'\FDD0', 'g');
  member := body::json -> name;
  RETURN COALESCE(CASE json_typeof(member) WHEN 'string' THEN member #>> '{}' = wanted
    WHEN 'object' THEN false WHEN 'array' THEN false ELSE member::text = wanted END, false);
EXCEPTION WHEN OTHERS THEN RETURN false;
END $$;
