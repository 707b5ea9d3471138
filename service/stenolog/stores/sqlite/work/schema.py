"""Declare the tables of `work.db`: pending deliveries, without customers' addresses and secrets."""

from stenolog.stores.sqlite.file.connection import Schema

WORK = Schema(
    name="work.db",
    synchronous="FULL",
    steps=(
        """
        CREATE TABLE checkpoints (
            reader TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            event_id TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE outbox (
            position INTEGER PRIMARY KEY,
            stream TEXT NOT NULL,
            lane TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            due_at_ms INTEGER NOT NULL,
            lease INTEGER NOT NULL DEFAULT 0,
            leased INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            status INTEGER,
            ended INTEGER NOT NULL DEFAULT 0,
            reason TEXT
        ) STRICT;
        CREATE INDEX outbox_due ON outbox (due_at_ms, lane);
        CREATE TABLE attempts (
            position INTEGER NOT NULL,
            number INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            took_ms INTEGER NOT NULL,
            status INTEGER,
            outcome TEXT NOT NULL,
            PRIMARY KEY (position, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX attempts_by_age ON attempts (at_ms)
        """,
        # More than one kind of delivery for an event.
        """
        ALTER TABLE outbox RENAME TO outbox_1;
        DROP INDEX outbox_due;
        CREATE TABLE outbox (
            position INTEGER NOT NULL,
            kind TEXT NOT NULL DEFAULT 'outcome',
            stream TEXT NOT NULL,
            lane TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            due_at_ms INTEGER NOT NULL,
            lease INTEGER NOT NULL DEFAULT 0,
            leased INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            status INTEGER,
            ended INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            PRIMARY KEY (position, kind)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO outbox SELECT position, 'outcome', stream, lane, created_at_ms, due_at_ms,
            lease, leased, attempts, status, ended, reason FROM outbox_1;
        DROP TABLE outbox_1;
        CREATE INDEX outbox_due ON outbox (due_at_ms, lane);
        ALTER TABLE attempts RENAME TO attempts_1;
        DROP INDEX attempts_by_age;
        CREATE TABLE attempts (
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            number INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            took_ms INTEGER NOT NULL,
            status INTEGER,
            outcome TEXT NOT NULL,
            PRIMARY KEY (position, kind, number)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO attempts SELECT position, 'outcome', number, at_ms, took_ms, status, outcome
            FROM attempts_1;
        DROP TABLE attempts_1;
        CREATE INDEX attempts_by_age ON attempts (at_ms)
        """,
        # Whose a delivery is; what was owed before is as if of one tenant until it has ended.
        """
        ALTER TABLE outbox ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
        DROP INDEX outbox_due;
        CREATE INDEX outbox_due ON outbox (due_at_ms, tenant, lane)
        """,
        # DECISIONS 96: when something of a lane, and of a tenant, is due next. Triggers keep it, so
        # that what can go is found without a look at what cannot, however much of that there is.
        """
        ALTER TABLE outbox ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;
        DROP INDEX outbox_due;
        CREATE INDEX outbox_by_lane ON outbox (tenant, lane, due_at_ms);
        CREATE TABLE lanes (
            tenant TEXT NOT NULL,
            lane TEXT NOT NULL,
            due_at_ms INTEGER NOT NULL,
            failing_since_ms INTEGER,
            PRIMARY KEY (tenant, lane)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lanes_due ON lanes (tenant, due_at_ms);
        CREATE TABLE tenants (
            tenant TEXT PRIMARY KEY,
            due_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tenants_due ON tenants (due_at_ms);
        CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
            INSERT INTO lanes (tenant, lane, due_at_ms)
                VALUES (new.tenant, new.lane, new.due_at_ms)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms);
            INSERT INTO tenants VALUES (new.tenant, new.due_at_ms)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms);
        END;
        CREATE TRIGGER outbox_moved AFTER UPDATE OF due_at_ms ON outbox BEGIN
            UPDATE lanes SET due_at_ms = (
                SELECT min(due_at_ms) FROM outbox WHERE tenant = new.tenant AND lane = new.lane
            ) WHERE tenant = new.tenant AND lane = new.lane;
            UPDATE tenants SET due_at_ms = (
                SELECT min(due_at_ms) FROM lanes WHERE tenant = new.tenant
            ) WHERE tenant = new.tenant;
        END;
        CREATE TRIGGER outbox_removed AFTER DELETE ON outbox BEGIN
            DELETE FROM lanes WHERE tenant = old.tenant AND lane = old.lane AND NOT EXISTS (
                SELECT 1 FROM outbox WHERE tenant = old.tenant AND lane = old.lane
            );
            UPDATE lanes SET due_at_ms = (
                SELECT min(due_at_ms) FROM outbox WHERE tenant = old.tenant AND lane = old.lane
            ) WHERE tenant = old.tenant AND lane = old.lane;
            DELETE FROM tenants WHERE tenant = old.tenant AND NOT EXISTS (
                SELECT 1 FROM lanes WHERE tenant = old.tenant
            );
            UPDATE tenants SET due_at_ms = (
                SELECT min(due_at_ms) FROM lanes WHERE tenant = old.tenant
            ) WHERE tenant = old.tenant;
        END;
        INSERT INTO lanes (tenant, lane, due_at_ms)
            SELECT tenant, lane, min(due_at_ms) FROM outbox GROUP BY tenant, lane;
        INSERT INTO tenants SELECT tenant, min(due_at_ms) FROM lanes GROUP BY tenant
        """,
        # What waits for the views goes on when they do; the pending deliveries of a tenant are
        # counted, so that their limits cost no look at them.
        """
        ALTER TABLE outbox ADD COLUMN awaits_views INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX outbox_awaiting ON outbox (position) WHERE awaits_views = 1;
        CREATE INDEX outbox_awaiting_by_stream ON outbox (stream) WHERE awaits_views = 1;
        ALTER TABLE tenants ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
        UPDATE tenants SET pending = (
            SELECT count(*) FROM outbox WHERE outbox.tenant = tenants.tenant
        );
        DROP TRIGGER outbox_added;
        CREATE TRIGGER outbox_added AFTER INSERT ON outbox BEGIN
            INSERT INTO lanes (tenant, lane, due_at_ms)
                VALUES (new.tenant, new.lane, new.due_at_ms)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms);
            INSERT INTO tenants (tenant, due_at_ms, pending) VALUES (new.tenant, new.due_at_ms, 1)
                ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms),
                    pending = pending + 1;
        END;
        CREATE TRIGGER outbox_counted AFTER DELETE ON outbox BEGIN
            UPDATE tenants SET pending = pending - 1 WHERE tenant = old.tenant;
        END
        """,
    ),
)
