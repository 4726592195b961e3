"""Writes a small Outlook store (Unicode form of [MS-PST]) for the tests: folders, messages, a contact, attachments.

    python3 corpus/make/pst.py corpus/samples/mail/office.pst

No free program writes these files. What is written here is the least that our reader needs: header, the two trees of pages,
blocks (permuted or cyclic), heaps with property contexts, one table of recipients. All names and numbers are invented.
"""
import struct
import sys
import zlib

CIPHER = {"plain": 0, "permute": 1, "cyclic": 2}


def table():
    """The tables of [MS-PST] 5.1, read from the reader's own source so that they stand in one place."""
    import pathlib
    import re

    source = (pathlib.Path(__file__).parents[2] / "src/extract/pst/cipher.rs").read_text()
    rows = [re.search(name + r": \[u8; 256\] = \[(.*?)\];", source, re.S).group(1) for name in ("FIRST", "SECOND")]
    first, second = ([int(n) for n in re.findall(r"\d+", row)] for row in rows)
    return first, second


FIRST, SECOND = table()
INVERSE = [FIRST.index(n) for n in range(256)]


def crc(data):
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def cyclic(data, block):
    key = (block ^ block >> 16) & 0xFFFF
    out = bytearray()
    for b in data:
        low, high = key & 255, key >> 8
        b = FIRST[(b + low) & 255]
        b = SECOND[(b + high) & 255]
        out.append((INVERSE[(b - high) & 255] - low) & 255)
        key = (key + 1) & 0xFFFF
    return bytes(out)


class Store:
    def __init__(self, cipher):
        self.cipher, self.blocks, self.nodes = CIPHER[cipher], [], []
        self.next_block = 0x100
        self.body = bytearray(0x4400 + 512)

    def block(self, data, internal=False):
        number = self.next_block | (2 if internal else 0)
        self.next_block += 4
        if not internal:
            data = bytes(FIRST[b] for b in data) if self.cipher == 1 else data
            data = cyclic(data, number) if self.cipher == 2 else data
        at = len(self.body)
        room = -(-(len(data) + 16) // 64) * 64
        signature = ((at ^ number) >> 16 ^ (at ^ number)) & 0xFFFF
        trailer = struct.pack("<HHIQ", len(data), signature, crc(data), number)
        self.body += data + bytes(room - len(data) - 16) + trailer
        self.blocks.append((number, at, len(data)))
        return number

    def data(self, data):
        """One block, or a list of blocks."""
        pieces = [data[at : at + 8176] for at in range(0, len(data), 8176)] or [b""]
        numbers = [self.block(piece) for piece in pieces]
        if len(numbers) == 1:
            return numbers[0]
        head = struct.pack("<BBHI", 1, 1, len(numbers), len(data))
        return self.block(head + b"".join(struct.pack("<Q", n) for n in numbers), internal=True)

    def sub_nodes(self, nodes):
        if not nodes:
            return 0
        entries = b"".join(struct.pack("<QQQ", *node) for node in sorted(nodes))
        return self.block(struct.pack("<BBHI", 2, 0, len(nodes), 0) + entries, internal=True)

    def node(self, number, data, sub=0, parent=0):
        self.nodes.append((number, data, sub, parent))

    def page(self, entries, size, kind):
        at = len(self.body)
        assert len(entries) * size <= 488, "one page is enough for a sample"
        data = b"".join(entries).ljust(488, b"\0") + struct.pack("<BBBBI", len(entries), 488 // size, size, 0, 0)
        number = self.next_block
        self.next_block += 4
        signature = ((at ^ number) >> 16 ^ (at ^ number)) & 0xFFFF
        self.body += data + struct.pack("<BBHIQ", kind, kind, signature, crc(data), number)
        return number, at

    def finish(self):
        if len(self.body) % 512:
            self.body += bytes(512 - len(self.body) % 512)
        nodes = [struct.pack("<QQQII", n, d, s, p, 0) for n, d, s, p in sorted(self.nodes)]
        blocks = [struct.pack("<QQHHI", n, at, size, 2, 0) for n, at, size in sorted(self.blocks)]
        node_tree = self.tree(nodes, 32, 0x81)
        block_tree = self.tree(blocks, 24, 0x80)
        root = struct.pack("<IQQQQQQQQBBH", 0, len(self.body), 0x4400, 0, 0, *node_tree, *block_tree, 2, 0, 0)
        head = bytearray(564)
        head[0:4] = b"!BDN"
        head[8:10] = b"SM"
        struct.pack_into("<HHBBIIQQI", head, 10, 23, 19, 1, 1, 0, 0, 0, self.next_block, 1)
        head[180 : 180 + len(root)] = root
        head[512], head[513] = 0x80, self.cipher
        struct.pack_into("<I", head, 4, crc(bytes(head[8:479])))
        struct.pack_into("<I", head, 524, crc(bytes(head[8:524])))
        self.body[0:564] = head
        return bytes(self.body)

    def tree(self, entries, size, kind):
        """Leaves, and a page above them when there are several."""
        per_page = 488 // size
        if len(entries) <= per_page:
            return self.page(entries, size, kind)
        above = []
        for at in range(0, len(entries), per_page):
            piece = entries[at : at + per_page]
            number, position = self.page(piece, size, kind)
            above.append(struct.pack("<QQQ", struct.unpack("<Q", piece[0][:8])[0], number, position))
        at = len(self.body)
        data = b"".join(above).ljust(488, b"\0") + struct.pack("<BBBBI", len(above), 20, 24, 1, 0)
        number = self.next_block
        self.next_block += 4
        self.body += data + struct.pack("<BBHIQ", kind, kind, 0, crc(data), number)
        return number, at


def heap(items, client):
    """A heap of one block; the first item is what its root points to."""
    out, starts = bytearray(12), []
    for item in items:
        starts.append(len(out))
        out += item
    starts.append(len(out))
    if len(out) % 2:
        out += b"\0"
    table_at = len(out)
    out += struct.pack("<HH", len(items), 0) + b"".join(struct.pack("<H", s) for s in starts)
    struct.pack_into("<HBBII", out, 0, table_at, 0xEC, client, 0x20, 0)
    return bytes(out)


def hid(index):
    return index << 5


def wide(text):
    return text.encode("utf-16-le")


class Object:
    """A property context: values that are too long for the heap get nodes of their own."""

    def __init__(self, store):
        self.store, self.values, self.subs, self.next_sub = store, {}, [], 0x8000

    def text(self, number, text):
        return self.value(number, 0x1F, wide(text))

    def binary(self, number, data):
        return self.value(number, 0x102, data)

    def value(self, number, kind, data):
        self.values[number] = (kind, data)
        return self

    def sub(self, number, data, sub=0):
        self.subs.append((number, data, sub))

    def write(self):
        items = [None, None]
        records = b""
        for number, (kind, data) in sorted(self.values.items()):
            if isinstance(data, int):
                at = data
            elif len(data) > 3500:
                self.next_sub += 0x20
                at = self.next_sub | 0x1F
                self.sub(at, self.store.data(data))
            else:
                items.append(data)
                at = hid(len(items))
            records += struct.pack("<HHI", number, kind, at)
        items[0] = struct.pack("<BBBBI", 0xB5, 2, 6, 0, hid(2))
        items[1] = records
        return self.store.data(heap(items, 0xBC)), self.store.sub_nodes(self.subs)


def recipients(store, people):
    """A table of names and addresses."""
    columns = [(0x3001001F, 8, 0), (0x39FE001F, 12, 1)]
    items = [None, None, None]
    rows = b""
    for number, (name, address) in enumerate(people):
        cells = []
        for text in (name, address):
            items.append(wide(text))
            cells.append(hid(len(items)))
        rows += struct.pack("<IIIIB", number, 0, *cells, 0xC0)
    items[2] = rows
    described = b"".join(struct.pack("<IHBB", tag, at, 4, bit) for tag, at, bit in columns)
    items[0] = struct.pack("<BBHHHHIII", 0x7C, 2, 16, 16, 16, 17, hid(2), hid(3), 0) + described
    items[1] = struct.pack("<BBBBI", 0xB5, 4, 4, 0, 0)
    return store.data(heap(items, 0x7C))


def attachment(store, name, data, number=0x671):
    part = Object(store).text(0x3707, name).value(0x3705, 3, 1).binary(0x3701, data)
    return part.write()


def embedded(store, message):
    data, sub = message.write()
    part = Object(store).text(0x3001, "forwarded").value(0x3705, 3, 5).value(0x3701, 0x0D, struct.pack("<II", 0x9004, 0))
    part.sub(0x9004, data, sub)
    return part.write()


def office(cipher):
    store = Store(cipher)
    for number, name, parent in [(0x122, "", 0x122), (0x8022, "Top of Outlook data file", 0x122), (0x8042, "Inbox", 0x8022),
                                 (0x8062, "Contacts", 0x8022), (0x8082, "Deleted Items", 0x8022)]:
        data, sub = Object(store).text(0x3001, name).write()
        store.node(number, data, sub, parent)
    mail = Object(store).text(0x37, "\x01\x05RE: Larkspur payroll").text(0x1A, "IPM.Note")
    mail.text(0xC1A, "Odile Marchetti").text(0xE04, "Bram Okafor")
    long = "The long part of the letter goes on and on. " * 250
    mail.text(0x1000, "Dear Bram,\r\nthe account is DE89 3704 0044 0532 0130 00.\r\n" + long + "\r\nThe card is 4111 1111 1111 1111.\r\n")
    mail.binary(0x1013, b"<html><body><p>Dear Bram, the <b>html</b> body says 5500 0000 0000 0004.</p></body></html>")
    mail.value(0x39, 0x40, struct.pack("<Q", 133801632000000000))
    mail.sub(0x692, recipients(store, [("Bram Okafor", "bram.okafor@larkspur.example"), ("Ines Quade", "ines.quade@larkspur.example")]))
    mail.sub(0x8005 & ~0x1F | 5, *attachment(store, "salaries.csv", b"name,iban\r\nInes Quade,GB29NWBK60161331926819\r\n"))
    inner = Object(store).text(0x37, "Forwarded note").text(0x1000, "Inside the attached message: 378282246310005.")
    mail.sub(0x8025, *embedded(store, inner))
    data, sub = mail.write()
    store.node(0x200024, data, sub, 0x8042)
    contact = Object(store).text(0x3001, "Ines Quade").text(0x3A08, "+49 30 901820").text(0x8001, "ines@quade.example")
    contact.value(0x3A42, 0x40, struct.pack("<Q", 122000000000000000)).text(0x1A, "IPM.Contact")
    data, sub = contact.write()
    store.node(0x200044, data, sub, 0x8062)
    deleted = Object(store).text(0x37, "Deleted but there").text(0x1000, "Hard deleted: 6011 1111 1111 1117.")
    data, sub = deleted.write()
    store.node(0x200064, data, sub, 0x9FF2)
    return store.finish()


if __name__ == "__main__":
    cipher = sys.argv[2] if len(sys.argv) > 2 else "permute"
    with open(sys.argv[1], "wb") as out:
        out.write(office(cipher))
