/* Baseline: what has arrived is taken with one recvmmsg and sent with one sendmmsg. Usage: loop_mmsg IN OUT */
#define _GNU_SOURCE
#include "net.h"

enum { BATCH = 64, SLOT_LEN = 2048 };

static char slots[BATCH][SLOT_LEN];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

static void reset_slots(int count)
{
    for (int i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = slots[i], .iov_len = SLOT_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
}

static void send_all(int out, int count)
{
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(out, messages + sent, (unsigned)(count - sent), 0);
        if (more < 0)
            die("sendmmsg");
        sent += more;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int in = open_receiver(argv[1]), out = open_sender(argv[2]);
    ask_receive_buffer(in, LOOP_RECEIVE_BUFFER);
    reset_slots(BATCH);
    for (;;) {
        int count = recvmmsg(in, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0)
            die("recvmmsg");
        for (int i = 0; i < count; i++)
            parts[i].iov_len = messages[i].msg_len;
        send_all(out, count);
        reset_slots(count);
    }
}
