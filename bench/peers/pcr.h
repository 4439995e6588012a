/* The clock of a transport stream, from its PCRs (ISO/IEC 13818-1, 2.4.2.2): those of the first PID that has any. */
#ifndef BENCH_PCR_H
#define BENCH_PCR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PCRs of one stream, in order. */
struct pcr_track {
    uint64_t packets; /* seen so far */
    int pid;          /* 0 before the first PCR */
    size_t count, room;
    struct pcr {
        uint64_t packet; /* that it was in */
        double ns;
    } *pcrs;
};

/* Counts a packet, and takes its PCR. */
void pcr_observe(struct pcr_track *track, const uint8_t *packet);

/* Time of a packet between the PCRs around it; false if there are none, or if they are no second apart. */
bool pcr_time_ns(const struct pcr_track *track, uint64_t packet, double *ns);

/* How far the PCR before number `index`, from 2, is from where those around it put it by their rate of packets. */
double pcr_accuracy_ns(const struct pcr_track *track, size_t index);

#endif
