/* Multicast sockets and clocks, as the instruments and the baseline loops need them. Failures end the program. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

enum {
    NS_PER_S = 1000000000,
    NS_PER_US = 1000,
    GSO_BYTES_MAX = 65507, /* the largest UDP payload, and so the largest run in one send call */
    LOOP_RECEIVE_BUFFER = 4 << 20,
    GROUP_TEXT_LEN = INET_ADDRSTRLEN + sizeof ":65535",
};

/* Prints "program: message: errno" and exits with 1. */
_Noreturn void die(const char *message);

/* "239.9.0.1:5001" as an address. */
struct sockaddr_in parse_group(const char *text);

/* The address of group number `index`, counted from `first`. */
struct sockaddr_in group_after(struct sockaddr_in first, unsigned index);

/* A socket that receives what comes for the port in any group that this host has joined, and `groups` of them joined from
 * the one named on, on the interface that the routing table names for each. */
int open_receiver_of_many(const char *first_group, unsigned groups);

/* The group `steps` after the first one, as text. */
void following_group(const char *first, int steps, char text[GROUP_TEXT_LEN]);

/* A socket bound to the group and joined on the interface that the routing table names for it. */
int open_receiver(const char *group);

/* A socket connected to the group; what it sends may cross a router. */
int open_sender(const char *group);

/* The same, connected to no group. */
int open_unconnected_sender(void);

/* Asks for a receive buffer as any user may; the kernel grants no more than net.core.rmem_max. */
void ask_receive_buffer(int socket, int bytes);

/* Lets the kernel hand over runs of datagrams joined into one message (UDP_GRO). */
void enable_gro(int socket);

/* Length of the datagrams that a received message is made of: UDP_GRO's, or the message's own when it is one. */
size_t segment_len(struct msghdr *message, size_t message_len);

/* Sends the bytes as datagrams of `segment_len` bytes each, the last perhaps shorter, with one call (UDP_SEGMENT). */
ssize_t send_segmented(int socket, void *bytes, size_t length, size_t segment_len);

/* Sleeps until that time by CLOCK_MONOTONIC. */
void sleep_until(uint64_t wake_ns);

uint64_t clock_ns(clockid_t clock);

static inline uint64_t timespec_ns(struct timespec time)
{
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

#endif
