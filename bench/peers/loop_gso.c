/*
 * Baseline: what has arrived is taken with one recvmmsg into one contiguous buffer and sent as runs of equal length,
 * each run with one GSO call. Usage: loop_gso IN OUT
 */
#define _GNU_SOURCE
#include "net.h"
#include "stream.h"

enum { BATCH = GSO_BYTES_MAX / DATAGRAM_LEN };

/* Slots of a datagram's exact length, so that full ones lie end to end. A longer datagram is cut: none is sent. */
static char slots[BATCH][DATAGRAM_LEN];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

/* How many messages from `first` on make one run: all full, but for the last, which may be shorter. */
static int run_len(int first, int count)
{
    int next = first;
    while (next < count && messages[next].msg_len == DATAGRAM_LEN)
        next++;
    return next < count ? next + 1 - first : next - first;
}

static void send_runs(int out, int count)
{
    for (int first = 0; first < count;) {
        int run = run_len(first, count);
        size_t length = (size_t)(run - 1) * DATAGRAM_LEN + messages[first + run - 1].msg_len;
        if (send_segmented(out, slots[first], length, DATAGRAM_LEN) < 0)
            die("sendmsg");
        first += run;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int in = open_receiver(argv[1]), out = open_sender(argv[2]);
    ask_receive_buffer(in, LOOP_RECEIVE_BUFFER);
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = slots[i], .iov_len = DATAGRAM_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        int count = recvmmsg(in, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0)
            die("recvmmsg");
        send_runs(out, count);
    }
}
