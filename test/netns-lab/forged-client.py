# A TCP client of its own at 192.168.10.77, whose every segment carries the options that it is told, in hexadecimal. Asks for
# / and prints what the server says.  forged-client.py DIRECTOR_MAC VIP PORT SOURCE_PORT OPTIONS
import socket, struct, sys, time

mac_of = lambda text: bytes.fromhex(text.replace(':', ''))
director, vip, port, sport = mac_of(sys.argv[1]), socket.inet_aton(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
options = bytes.fromhex(sys.argv[5])
me = socket.inet_aton('192.168.10.77')
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(('eth0', 3))
wire.settimeout(0.2)
mac = wire.getsockname()[4]


def checksum(octets):
    octets += b'\0' * (len(octets) % 2)
    total = sum(struct.unpack('!%dH' % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(seq, ack, flags, data=b''):
    offset = (5 + len(options) // 4) << 4
    tcp = struct.pack('!HHIIBBHHH', sport, port, seq, ack, offset, flags, 65000, 0, 0) + options + data
    pseudo = me + vip + struct.pack('!BBH', 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, me, vip)
    wire.send(director + mac + b'\x08\0' + ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:] + tcp)


SYN, RST, ACK, PSH_ACK = 2, 4, 16, 24
send(1000, 0, SYN)
end = time.time() + 5
isn, said = None, b''
while time.time() < end:
    try:
        frame = wire.recv(2000)
    except socket.timeout:
        continue
    if frame[12:14] == b'\x08\x06' and frame[20:22] == b'\0\1' and frame[38:42] == me:
        wire.send(frame[6:12] + mac + b'\x08\x06' + frame[14:20] + b'\0\2' + mac + me + frame[22:32])
    if frame[12:14] != b'\x08\0' or frame[30:34] != me or frame[23] != 6:
        continue
    tcp = frame[34 : 14 + struct.unpack('!H', frame[16:18])[0]]
    _, its_port, seq, ack, offset, flags = struct.unpack('!HHIIBB', tcp[:14])
    data = tcp[(offset >> 4) * 4 :]
    if its_port != sport:
        continue
    if flags & SYN and isn is None:
        isn = seq
        send(1001, seq + 1, ACK)
        send(1001, seq + 1, PSH_ACK, b'GET / HTTP/1.0\r\n\r\n')
    elif data:
        said += data
        send(ack, seq + len(data), RST | ACK)
        break
    if flags & RST:
        said = b'reset'
        break
print(said.decode().strip().split('\n')[-1])
