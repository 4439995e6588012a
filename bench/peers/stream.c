#include "stream.h"

#include <string.h>

enum {
    SYNC_BYTE = 0x47,
    PAYLOAD_ONLY = 0x10, /* adaptation_field_control: no adaptation field */
    VIDEO_PID = 0x100,
    AUDIO_PID = 0x101,
    VIDEO_PACKETS = PACKETS_PER_DATAGRAM - 1, /* the last packet of each datagram is audio */
    CONTINUITY_MASK = 0x0F,
    MAGIC_OFFSET = 4, /* in the first packet, after its header */
    STAMP_OFFSET = MAGIC_OFFSET + 8,
};

static const uint8_t MAGIC[8] = {'f', 'c', '-', 'b', 'e', 'n', 'c', 'h'};

static bool is_video(int packet)
{
    return packet < VIDEO_PACKETS;
}

/* Each PID counts its own packets: six a datagram for video, one for audio. */
static uint8_t continuity(uint64_t sequence, int packet)
{
    uint64_t count = is_video(packet) ? sequence * VIDEO_PACKETS + (uint64_t)packet : sequence;
    return (uint8_t)(count & CONTINUITY_MASK);
}

void stream_prepare(uint8_t datagram[DATAGRAM_LEN])
{
    memset(datagram, 0xA5, DATAGRAM_LEN);
    for (int i = 0; i < PACKETS_PER_DATAGRAM; i++) {
        uint8_t *packet = datagram + i * PACKET_LEN;
        int pid = is_video(i) ? VIDEO_PID : AUDIO_PID;
        packet[0] = SYNC_BYTE;
        packet[1] = (uint8_t)(pid >> 8);
        packet[2] = (uint8_t)(pid & 0xFF);
        packet[3] = PAYLOAD_ONLY;
    }
    memcpy(datagram + MAGIC_OFFSET, MAGIC, sizeof MAGIC);
}

void stream_stamp(uint8_t datagram[DATAGRAM_LEN], struct stamp stamp)
{
    for (int i = 0; i < PACKETS_PER_DATAGRAM; i++)
        datagram[i * PACKET_LEN + 3] = (uint8_t)(PAYLOAD_ONLY | continuity(stamp.sequence, i));
    memcpy(datagram + STAMP_OFFSET, &stamp, sizeof stamp);
}

bool stream_read(const uint8_t *datagram, size_t length, struct stamp *stamp)
{
    if (length != DATAGRAM_LEN || memcmp(datagram + MAGIC_OFFSET, MAGIC, sizeof MAGIC) != 0)
        return false;
    memcpy(stamp, datagram + STAMP_OFFSET, sizeof *stamp);
    for (int i = 0; i < PACKETS_PER_DATAGRAM; i++) {
        const uint8_t *packet = datagram + i * PACKET_LEN;
        if (packet[0] != SYNC_BYTE || packet[3] != (PAYLOAD_ONLY | continuity(stamp->sequence, i)))
            return false;
    }
    return true;
}
