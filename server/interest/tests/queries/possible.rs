//! What subscriptions take.

use crate::subscribe;

#[test]
fn these_are_possible() {
    for sql in [
        "SELECT * FROM player",
        "select * from PLAYER;",
        "SELECT p.* FROM player AS p WHERE p.zone = 3 AND (p.hp > -5 AND 7 >= hp)",
        "SELECT * FROM player WHERE identity = :sender AND connection = :connection",
        "SELECT * FROM player WHERE zone <> 3 AND hp != -32768 AND hp BETWEEN -1 AND 5",
        "SELECT * FROM player WHERE speed < 0.5 AND speed >= -1e3",
        "SELECT * FROM player WHERE alive AND NOT alive AND alive = TRUE",
        "SELECT * FROM player WHERE name = 'it''s' AND name < 'z' AND kind = 'Orc' AND 'Elf' <> kind",
        "SELECT * FROM player WHERE identity = '0xabababababababababababababababababababababababababababababababab'",
        "SELECT * FROM player WHERE identity = X'abababababababababababababababababababababababababababababababab'",
        "SELECT * FROM player WHERE uuid = '00112233-4455-6677-8899-aabbccddeeff' AND blob = X'00ff'",
        "SELECT * FROM player WHERE big = 340282366920938463463374607431768211455 AND born > -5",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, -2.5, 3e2), 80)",
        "SELECT * FROM flat WHERE st_dwithin(ST_Point(1, 2), position, 0)",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender AND m.zone = p.zone AND p.alive AND m.hp > 0",
        "SELECT a.* FROM player a INNER JOIN player b ON b.id = 7 AND a.name = b.name \
         WHERE ST_DWithin(b.position, a.position, 5.5)",
        "SELECT * FROM player WHERE zone = 1 OR zone = 2 AND NOT (hp < 5 OR NOT alive)",
        "SELECT * FROM player WHERE zone IN (1, 2, 3) OR name NOT IN ('a', 'b') OR kind IN ('Orc')",
        "SELECT * FROM player WHERE hp NOT BETWEEN 1 AND 5 AND speed BETWEEN -0.5 AND 1e3",
        "SELECT * FROM player WHERE name LIKE 'or%' AND name NOT LIKE 'orc' AND name LIKE '100\\%%' ESCAPE '\\'",
        "SELECT * FROM player WHERE weapon IS NULL OR weapon = 1 OR weapon > 5 OR nick LIKE 'a%'",
        "SELECT * FROM player WHERE nick IS NOT NULL AND anchor IS NULL AND speed IS NULL AND blessed",
        "SELECT * FROM player WHERE NOT blessed OR blessed <> TRUE OR blessed IN (TRUE, FALSE)",
        "SELECT * FROM player WHERE NOT NOT NOT zone = 1",
        "SELECT * FROM flat WHERE ST_Within(position, ST_MakeEnvelope(1, 2, -3.5, 4e1))",
        "SELECT * FROM flat WHERE position && ST_MakeEnvelope(1, 2, 3, 4) OR NOT ST_DWithin(position, ST_Point(1, 2), 3)",
        "SELECT * FROM flat WHERE ST_MakeBox2D(ST_Point(1, 2), ST_Point(3, 4)) && position",
        "SELECT * FROM monster WHERE position &&& ST_3DMakeBox(ST_MakePoint(1, 2, 3), ST_MakePoint(4, 5, 6))",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender AND (m.hp > 0 OR m.zone IN (1, 2)) AND NOT (m.alive OR p.zone = 4) AND p.hp < 5",
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id WHERE p.identity = :sender AND (m.zone = 3 OR m.alive)",
        "SELECT a.* FROM flat a JOIN flat b ON a.id = b.id AND b.zone = a.zone JOIN flat c ON c.id = b.id \
         JOIN flat d ON d.id = a.id WHERE c.id = 1 AND d.connection = :connection AND NOT b.alive",
        "SELECT * FROM player ORDER BY hp DESC LIMIT 10",
        "SELECT * FROM player p WHERE zone = 3 ORDER BY p.hp DESC NULLS LAST, name ASC NULLS FIRST, (speed) LIMIT 4096",
        "SELECT * FROM player ORDER BY alive, kind DESC, uuid, blob LIMIT 0;",
        "SELECT * FROM player ORDER BY identity, weapon, nick DESC, born LIMIT +5",
        "SELECT * FROM player ORDER BY ST_Distance(position, ST_MakePoint(1, 2, 3)), hp LIMIT 50",
        "SELECT * FROM flat ORDER BY st_distance(ST_Point(1, 2), position) DESC NULLS FIRST LIMIT 50",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender ORDER BY ST_Distance(p.position, m.position), m.hp DESC LIMIT 50",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender ORDER BY ST_Distance(m.position, ST_MakePoint(0, 0, 0)) LIMIT 50",
        "SELECT m.* FROM monster m JOIN player p ON m.id = p.id WHERE p.identity = :sender ORDER BY m.hp, m.zone DESC LIMIT 5",
        "SELECT m.* FROM monster m JOIN player p ON (ST_DWithin(m.position, p.position, 80) AND p.identity = :sender)",
    ] {
        assert_eq!(subscribe(sql), Ok(()), "{sql}");
    }
}
