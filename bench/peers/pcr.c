#include "pcr.h"
#include "net.h"

#include <stdlib.h>

enum {
    ADAPTATION = 0x20,
    PCR_FLAG = 0x10,
    PCR_FIELD_LEN = 7, /* flags and PCR */
};

static int pid_of(const uint8_t *packet)
{
    return (packet[1] & 0x1F) << 8 | packet[2];
}

static double pcr_ns(const uint8_t *field)
{
    uint64_t base = (uint64_t)field[0] << 25 | (uint64_t)field[1] << 17 | (uint64_t)field[2] << 9 | (uint64_t)field[3] << 1 |
                    field[4] >> 7;
    uint64_t extension = (uint64_t)(field[4] & 1) << 8 | field[5];
    return (double)(base * 300 + extension) * 1000 / 27;
}

void pcr_observe(struct pcr_track *track, const uint8_t *packet)
{
    uint64_t number = track->packets++;
    bool has_pcr = (packet[3] & ADAPTATION) && packet[4] >= PCR_FIELD_LEN && (packet[5] & PCR_FLAG);
    if (!has_pcr || (track->pid != 0 && track->pid != pid_of(packet)))
        return;
    if (track->count == track->room) {
        track->room = track->room * 2 + 64;
        track->pcrs = realloc(track->pcrs, track->room * sizeof *track->pcrs);
        if (track->pcrs == NULL)
            die("realloc");
    }
    track->pid = pid_of(packet);
    track->pcrs[track->count++] = (struct pcr){.packet = number, .ns = pcr_ns(packet + 6)};
}

bool pcr_time_ns(const struct pcr_track *track, uint64_t packet, double *ns)
{
    size_t low = 0, high = track->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(track->pcrs[middle].packet <= packet ? &low : &high) = middle;
    }
    if (high >= track->count || track->pcrs[low].packet > packet)
        return false;
    const struct pcr *from = &track->pcrs[low], *to = &track->pcrs[high];
    double step_ns = to->ns - from->ns;
    *ns = from->ns + step_ns * (double)(packet - from->packet) / (double)(to->packet - from->packet);
    return step_ns > 0 && step_ns < NS_PER_S;
}

double pcr_accuracy_ns(const struct pcr_track *track, size_t index)
{
    const struct pcr *before = &track->pcrs[index - 2], *this = &track->pcrs[index - 1], *after = &track->pcrs[index];
    double rate = (after->ns - before->ns) / (double)(after->packet - before->packet);
    return this->ns - (before->ns + rate * (double)(this->packet - before->packet));
}
