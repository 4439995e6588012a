/* Baseline: receives groups and does nothing with what comes. Usage: listen GROUP:PORT GROUP:PORT */
#define _GNU_SOURCE
#include "net.h"

#include <poll.h>

enum { GROUPS = 2, BATCH = 64, SLOT_LEN = 2048 };

static char slots[BATCH][SLOT_LEN];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

int main(int argc, char **argv)
{
    struct pollfd sockets[GROUPS];
    if (argc != 1 + GROUPS)
        return 2;
    for (int i = 0; i < GROUPS; i++) {
        sockets[i] = (struct pollfd){.fd = open_receiver(argv[1 + i]), .events = POLLIN};
        ask_receive_buffer(sockets[i].fd, LOOP_RECEIVE_BUFFER);
    }
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){.iov_base = slots[i], .iov_len = SLOT_LEN};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        if (poll(sockets, GROUPS, -1) < 0)
            die("poll");
        for (int i = 0; i < GROUPS; i++)
            if (sockets[i].revents != 0 && recvmmsg(sockets[i].fd, messages, BATCH, MSG_DONTWAIT, NULL) < 0)
                die("recvmmsg");
    }
}
