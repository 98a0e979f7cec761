//! What subscriptions refuse, with the place in the text and the remedy.

use ambit_interest::QueryError;

use crate::subscribe;

#[track_caller]
fn refused(sql: &str, expected: &str) {
    let error = subscribe(sql).expect_err(sql).to_string();
    assert_eq!(error, expected, "{sql}");
}

#[test]
fn these_are_refused_with_a_remedy() {
    refused(
        "SELECT * FROM secret",
        "line 1, column 15: table `secret` is private; declare it `public` in the module, or use one of: player, monster, flat",
    );
    refused(
        "SELECT *\nFROM nowhere",
        "line 2, column 6: there is no table `nowhere`; the public tables are: player, monster, flat",
    );
    refused(
        "SELECT * FROM player WHERE zone = 256",
        "line 1, column 35: 256 is no value of type u8; use a whole number from 0 to 255",
    );
    refused(
        "SELECT * FROM player WHERE kind = 'Troll'",
        "line 1, column 35: enum `Kind` has no variant 'Troll'; its variants are: 'Orc', 'Elf'",
    );
    refused(
        "SELECT * FROM player WHERE alive OR\n zone = NULL",
        "line 2, column 9: nothing is equal to NULL, nor different from it; \
         write `column IS NULL` or `column IS NOT NULL`",
    );
    refused(
        "SELECT * FROM player WHERE alive AND NOT zone IS NULL",
        "line 1, column 42: `zone` always has a value; \
         leave the condition out; only optional columns and floats can be NULL",
    );
    refused(
        "SELECT * FROM player WHERE zone IN (1, 2, 256)",
        "line 1, column 43: 256 is no value of type u8; use a whole number from 0 to 255",
    );
    refused(
        "SELECT * FROM player WHERE name NOT LIKE '%orc'",
        "line 1, column 42: LIKE can have `%` only once, at the end; \
         write the beginning and one `%`, such as 'orc%'; write \\% and \\_ for the characters themselves",
    );
    refused(
        "SELECT * FROM player WHERE name LIKE 'o_c'",
        "line 1, column 38: LIKE with `_`, one character whichever, is not possible; \
         write the beginning and one `%`, such as 'orc%'; write \\% and \\_ for the characters themselves",
    );
    refused(
        "SELECT * FROM player WHERE name LIKE 'a#%' ESCAPE '#'",
        "line 1, column 51: only the backslash escapes the characters of a pattern; \
         leave ESCAPE out and write \\% or \\_",
    );
    refused(
        "SELECT * FROM player WHERE name ILIKE 'orc%'",
        "line 1, column 28: ILIKE is not possible; use LIKE, which tells capital from small letters",
    );
    refused(
        "SELECT * FROM player WHERE zone = 1 AND position && ST_MakeEnvelope(1, 2, 3, 4)",
        "line 1, column 41: the position has 3 dimensions, this comparison with a box 2; \
         write position && ST_MakeEnvelope(x1, y1, x2, y2), or in three dimensions \
         position &&& ST_3DMakeBox(ST_MakePoint(x1, y1, z1), ST_MakePoint(x2, y2, z2))",
    );
    refused(
        "SELECT * FROM player WHERE anchor = 1",
        "line 1, column 28: a column of type Option<Vec3> cannot be compared; compare a number, text or id",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender AND (m.zone = 1 OR p.zone = 1)",
        "line 1, column 115: OR mixes tables, or a condition with what joins them; \
         keep an OR to the columns of one table and values, or subscribe to each alternative by itself",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) OR m.zone = 3 \
         WHERE p.identity = :sender",
        "line 1, column 44: OR mixes tables, or a condition with what joins them; \
         keep an OR to the columns of one table and values, or subscribe to each alternative by itself",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender AND NOT m.zone = p.zone",
        "line 1, column 118: NOT cannot stand before what joins two tables; \
         join the tables by what they have in common",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender AND m.speed = p.speed",
        "line 1, column 114: columns of type f32 and f32 cannot be joined; \
         join columns of one type that is neither optional nor a float",
    );
    refused(
        "SELECT * FROM player WHERE id = :sender",
        "line 1, column 33: :sender is of type Identity, the column of type u32; compare :sender with a column of type Identity",
    );
    refused(
        "SELECT * FROM flat WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), 5)",
        "line 1, column 47: the point has 3 coordinates, the column 2; write ST_MakePoint with 2 numbers",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) WHERE m.zone = p.zone",
        "line 1, column 1: the circles' centre is not narrowed to a few rows of `player`; \
         add a condition such as p.identity = :sender, or = on all columns of a unique index",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.zone = p.zone WHERE p.identity = :sender",
        "line 1, column 44: no index finds the rows of `monster` by `zone`; \
         add #[index(hash)] to the column `zone` of `monster` in the module",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id WHERE p.zone = 1",
        "line 1, column 39: `p`, the end of a join, is not narrowed to a few rows; \
         add a condition such as p.identity = :sender, or = on all columns of a unique index",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.zone WHERE p.identity = :sender",
        "line 1, column 44: columns of type u32 and u8 cannot be joined; \
         join columns of one type that is not a float",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = 1 WHERE p.identity = :sender",
        "line 1, column 1: the tables are not joined; \
         add a.column = b.column or ST_DWithin(a.position, b.position, radius) to ON",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id JOIN flat f ON f.zone = 1 \
         WHERE p.identity = :sender",
        "line 1, column 66: `f` is not joined with the table whose rows are selected; \
         add `=` between one of its columns and one of a table that is",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id JOIN flat f ON m.id = f.id AND f.zone = p.zone \
         WHERE p.identity = :sender AND f.id = 1",
        "line 1, column 87: these tables are joined by way of others already; \
         join each table with one that is nearer to the selected one",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         JOIN flat f ON p.id = f.id WHERE f.identity = :sender",
        "line 1, column 44: a circle that moves joins two tables, and here are more; \
         keep the table with the positions in the centre and the one that is selected",
    );
    refused(
        "SELECT a.* FROM flat a JOIN flat b ON a.id = b.id JOIN flat c ON b.id = c.id \
         JOIN flat d ON c.id = d.id JOIN flat e ON d.id = e.id WHERE e.id = 1",
        "line 1, column 110: the query joins too many tables; join at most 4",
    );
}

#[test]
fn orders_and_limits_are_refused_with_a_remedy() {
    refused(
        "SELECT * FROM player ORDER BY id",
        "line 1, column 31: ORDER BY without LIMIT changes nothing, for what a client holds has no order; \
         add LIMIT and how many of the first rows to show, or leave ORDER BY out and sort in the client",
    );
    refused(
        "SELECT * FROM player LIMIT 5",
        "line 1, column 28: LIMIT alone leaves open which rows are meant; \
         say which come first: ORDER BY column DESC LIMIT 10",
    );
    refused(
        "SELECT * FROM player ORDER BY id LIMIT 5 OFFSET 10",
        "line 1, column 40: OFFSET is not possible: which rows it leaves out would change with every row before them; \
         begin behind a value, such as score < :last, or show more rows and leave some out in the client",
    );
    refused(
        "SELECT * FROM player ORDER BY id LIMIT 4097",
        "line 1, column 40: LIMIT 4097 is too much; \
         use at most 4096, or leave ORDER BY and LIMIT out to see all rows",
    );
    refused(
        "SELECT * FROM player ORDER BY id LIMIT 99999999999999999999999999999999999999999",
        "line 1, column 40: LIMIT takes a whole number; write a number from 0, or a :parameter that holds one",
    );
    refused(
        "SELECT * FROM player ORDER BY path LIMIT 3",
        "line 1, column 31: a column of type Vec<u8> cannot be compared; compare a number, text or id",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id WHERE p.identity = :sender ORDER BY p.hp LIMIT 3",
        "line 1, column 92: rows cannot be ordered by a column of another table, of which several rows may go with them; \
         order by a column of `m`",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id WHERE p.identity = :sender \
         ORDER BY ST_Distance(m.position, p.position) LIMIT 3",
        "line 1, column 92: rows can only be ordered by the distance that joins them with the centre of their circle; \
         name the two positions of ST_DWithin, or a position and a point",
    );
    refused(
        "SELECT * FROM player ORDER BY position LIMIT 3",
        "line 1, column 31: a column of type Vec3 cannot be compared; compare a number, text or id",
    );
    refused(
        "SELECT * FROM player ORDER BY ST_Distance(position, ST_Point(1, 2)) LIMIT 3",
        "line 1, column 53: the point has 2 coordinates, the column 3; write ST_MakePoint with 3 numbers",
    );
    refused(
        "SELECT * FROM player ORDER BY 1 LIMIT 3",
        "line 1, column 31: rows cannot be ordered by `1`; order by columns of the selected table, \
         or by ST_Distance(position, point), each with ASC or DESC",
    );
}

#[test]
fn nothing_else_is_possible() {
    for sql in [
        "",
        ";",
        "SELECT",
        "SELECT 1",
        "SELECT (id) FROM player",
        "SELECT id AS number FROM player",
        "SELECT id + 1 FROM player",
        "SELECT COUNT(*) FROM player",
        "SELECT COUNT(id) FROM player",
        "SELECT MAX(hp), id FROM player",
        "SELECT id, nowhere FROM player",
        "SELECT monster.id FROM player",
        "SELECT player.*, id FROM player",
        "SELECT id, *, zone FROM player",
        "SELECT 'id' FROM player",
        "SELECT :p FROM player",
        "SELECT m.id, p.id FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1",
        "SELECT id FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1",
        "SELECT *, id FROM player",
        "SELECT DISTINCT * FROM player",
        "SELECT * FROM player LIMIT 5",
        "SELECT * FROM player FETCH FIRST 5 ROWS ONLY",
        "SELECT * FROM player ORDER BY id FETCH FIRST 5 ROWS ONLY",
        "SELECT * FROM player ORDER BY id LIMIT ALL",
        "SELECT * FROM player ORDER BY id LIMIT NULL",
        "SELECT * FROM player ORDER BY id LIMIT -1",
        "SELECT * FROM player ORDER BY id LIMIT 1.5",
        "SELECT * FROM player ORDER BY id LIMIT '5'",
        "SELECT * FROM player ORDER BY id LIMIT id",
        "SELECT * FROM player ORDER BY id LIMIT 2 + 3",
        "SELECT * FROM player ORDER BY id LIMIT :n",
        "SELECT * FROM player ORDER BY id LIMIT 5, 5",
        "SELECT * FROM player ORDER BY id OFFSET 5",
        "SELECT * FROM player OFFSET 5",
        "SELECT * FROM player ORDER BY ALL LIMIT 5",
        "SELECT * FROM player ORDER BY id USING < LIMIT 5",
        "SELECT * FROM player ORDER BY nothing LIMIT 5",
        "SELECT * FROM player ORDER BY -hp LIMIT 5",
        "SELECT * FROM player ORDER BY hp + id LIMIT 5",
        "SELECT * FROM player ORDER BY hp > 5 LIMIT 5",
        "SELECT * FROM player ORDER BY NULL LIMIT 5",
        "SELECT * FROM player ORDER BY random() LIMIT 5",
        "SELECT * FROM player ORDER BY anchor LIMIT 5",
        "SELECT * FROM player ORDER BY position <-> ST_MakePoint(1, 2, 3) LIMIT 5",
        "SELECT * FROM player ORDER BY ST_Distance(position) LIMIT 5",
        "SELECT * FROM player ORDER BY ST_Distance(position, position) LIMIT 5",
        "SELECT * FROM player ORDER BY ST_Distance(hp, ST_MakePoint(1, 2, 3)) LIMIT 5",
        "SELECT * FROM player ORDER BY ST_Distance(ST_MakePoint(1, 2, 3), ST_MakePoint(1, 2, 3)) LIMIT 5",
        "SELECT * FROM player ORDER BY id, hp, zone, name, kind LIMIT 5",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1 ORDER BY ST_Distance(p.position, p.position) LIMIT 5",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1 ORDER BY id LIMIT 5",
        "SELECT * FROM player FOR UPDATE",
        "SELECT * FROM player GROUP BY id",
        "SELECT * FROM player, monster",
        "SELECT * FROM (SELECT * FROM player) p",
        "SELECT * INTO other FROM player",
        "SELECT TOP 5 * FROM player",
        "SELECT * FROM player; SELECT * FROM player",
        "SELECT * FROM player UNION SELECT * FROM player",
        "WITH a AS (SELECT * FROM player) SELECT * FROM a",
        "INSERT INTO player VALUES (1)",
        "DROP TABLE player",
        "SELECT * FROM player WHERE position = 1",
        "SELECT * FROM player WHERE zone = NULL",
        "SELECT * FROM player WHERE zone = 1.5",
        "SELECT * FROM player WHERE zone = 'one'",
        "SELECT * FROM player WHERE zone = hp",
        "SELECT * FROM player WHERE zone = -1",
        "SELECT * FROM player WHERE speed = 1e999",
        "SELECT * FROM player WHERE alive > FALSE",
        "SELECT * FROM player WHERE name = :name",
        "SELECT * FROM player WHERE id IN ()",
        "SELECT * FROM player WHERE id IN (1, NULL)",
        "SELECT * FROM player WHERE id IN (1, 'a')",
        "SELECT * FROM player WHERE id IN (SELECT id FROM player)",
        "SELECT * FROM player WHERE (id, zone) IN ((1, 2))",
        "SELECT * FROM player WHERE 1 IN (id)",
        "SELECT * FROM player WHERE id = ANY (1)",
        "SELECT * FROM player WHERE zone BETWEEN 1 AND NULL",
        "SELECT * FROM player WHERE alive BETWEEN FALSE AND TRUE",
        "SELECT * FROM player WHERE kind > 'Orc'",
        "SELECT * FROM player WHERE name LIKE name",
        "SELECT * FROM player WHERE name LIKE 5",
        "SELECT * FROM player WHERE name LIKE ANY ('a%')",
        "SELECT * FROM player WHERE zone LIKE 'a%'",
        "SELECT * FROM player WHERE blob LIKE 'a%'",
        "SELECT * FROM player WHERE name SIMILAR TO 'a%'",
        "SELECT * FROM player WHERE name ~ 'a'",
        "SELECT * FROM player WHERE anchor = 1",
        "SELECT * FROM player WHERE path IS NULL",
        "SELECT * FROM player WHERE alive IS TRUE",
        "SELECT * FROM player WHERE weapon IS DISTINCT FROM 1",
        "SELECT * FROM player WHERE ST_DWithin(anchor, ST_MakePoint(1, 2, 3), 5)",
        "SELECT * FROM player WHERE position && ST_MakeEnvelope(1, 2, 3, 4)",
        "SELECT * FROM player WHERE ST_Within(position, ST_3DMakeBox(ST_MakePoint(1, 2, 3), ST_MakePoint(1, 2, 3)))",
        "SELECT * FROM flat WHERE position &&& ST_3DMakeBox(ST_MakePoint(1, 2, 3), ST_MakePoint(1, 2, 3))",
        "SELECT * FROM flat WHERE position && ST_MakeEnvelope(1, 2, 3, 4, 4326)",
        "SELECT * FROM flat WHERE position && ST_MakeEnvelope(1, 2, 3, 1e999)",
        "SELECT * FROM flat WHERE position && position",
        "SELECT * FROM flat WHERE ST_Within(ST_Point(1, 2), position)",
        "SELECT * FROM flat WHERE zone && ST_MakeEnvelope(1, 2, 3, 4)",
        "SELECT * FROM flat WHERE ST_Contains(position, ST_MakeEnvelope(1, 2, 3, 4))",
        "SELECT * FROM flat WHERE position & ST_MakeEnvelope(1, 2, 3, 4)",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id IN (1, 2)",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1 AND m.weapon = p.weapon",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1 OR m.id = 1",
        "SELECT * FROM player WHERE zone",
        "SELECT * FROM player WHERE 1 = 1",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), -5)",
        "SELECT * FROM player WHERE ST_DWithin(position, position, 5)",
        "SELECT * FROM player WHERE ST_DWithin(zone, ST_Point(1, 2), 5)",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), zone)",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), 1e999)",
        "SELECT * FROM player WHERE identity = '0x12'",
        "SELECT p.* FROM player p JOIN monster m ON p.id = m.id WHERE p.identity = :sender",
        "SELECT * FROM player p JOIN monster m ON ST_DWithin(p.position, m.position, 5) WHERE p.identity = :sender",
        "SELECT m.* FROM flat m JOIN player p ON ST_DWithin(p.position, m.position, 5) WHERE p.identity = :sender",
        "SELECT m.* FROM monster m LEFT JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1",
        "SELECT m.* FROM monster m JOIN secret p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE id = 1",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1 AND m.speed = p.speed",
        "SELECT m.* FROM player m JOIN player m ON ST_DWithin(m.position, m.position, 5) WHERE m.id = 1",
    ] {
        assert!(matches!(subscribe(sql), Err(QueryError::Text(_))), "{sql}");
    }
}
