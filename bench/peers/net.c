#define _GNU_SOURCE
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void die(const char *message)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, message, strerror(errno));
    exit(1);
}

struct sockaddr_in parse_group(const char *text)
{
    char host[INET_ADDRSTRLEN];
    unsigned short port;
    struct sockaddr_in address = {.sin_family = AF_INET};
    errno = EINVAL;
    if (sscanf(text, "%15[0-9.]:%hu", host, &port) != 2 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        die(text);
    address.sin_port = htons(port);
    return address;
}

static void set_option(int socket, int level, int name, const void *value, socklen_t length, const char *what)
{
    if (setsockopt(socket, level, name, value, length) != 0)
        die(what);
}

static int open_udp(void)
{
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (udp < 0)
        die("socket");
    return udp;
}

struct sockaddr_in group_after(struct sockaddr_in first, unsigned index)
{
    first.sin_addr.s_addr = htonl(ntohl(first.sin_addr.s_addr) + index);
    return first;
}

void following_group(const char *first, int steps, char text[GROUP_TEXT_LEN])
{
    struct sockaddr_in address = group_after(parse_group(first), (unsigned)steps);
    snprintf(text, GROUP_TEXT_LEN, "%s:%hu", inet_ntoa(address.sin_addr), ntohs(address.sin_port));
}

static void bind_to(int udp, struct sockaddr_in address)
{
    if (bind(udp, (struct sockaddr *)&address, sizeof address) != 0)
        die("bind");
}

static void join(int udp, struct in_addr group)
{
    struct ip_mreqn membership = {.imr_multiaddr = group};
    set_option(udp, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership, "IP_ADD_MEMBERSHIP");
}

int open_receiver(const char *group)
{
    struct sockaddr_in address = parse_group(group);
    int udp = open_udp();
    bind_to(udp, address);
    join(udp, address.sin_addr);
    return udp;
}

/* The memberships are held by sockets that nothing is delivered to: the kernel goes through those of the receiving socket
 * with each datagram. */
int open_receiver_of_many(const char *first_group, unsigned groups)
{
    struct sockaddr_in first = parse_group(first_group), any = {.sin_family = AF_INET, .sin_port = first.sin_port};
    int udp = open_udp();
    bind_to(udp, any);
    for (unsigned i = 0; i < groups; i++)
        join(open_udp(), group_after(first, i).sin_addr);
    return udp;
}

int open_unconnected_sender(void)
{
    int udp = open_udp(), ttl = 4;
    set_option(udp, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl, "IP_MULTICAST_TTL");
    return udp;
}

int open_sender(const char *group)
{
    struct sockaddr_in address = parse_group(group);
    int udp = open_unconnected_sender();
    if (connect(udp, (struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    return udp;
}

void ask_receive_buffer(int socket, int bytes)
{
    set_option(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes, "SO_RCVBUF");
}

void enable_gro(int socket)
{
    int on = 1;
    set_option(socket, IPPROTO_UDP, UDP_GRO, &on, sizeof on, "UDP_GRO");
}

size_t segment_len(struct msghdr *message, size_t message_len)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int length;
            memcpy(&length, CMSG_DATA(c), sizeof length);
            return (size_t)length;
        }
    }
    return message_len;
}

ssize_t send_segmented(int socket, void *bytes, size_t length, size_t segment_len)
{
    char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    uint16_t segment = (uint16_t)segment_len;
    if (length <= segment_len)
        return send(socket, bytes, length, 0);
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
    return sendmsg(socket, &message, 0);
}

void sleep_until(uint64_t wake_ns)
{
    struct timespec wake = {.tv_sec = (time_t)(wake_ns / NS_PER_S), .tv_nsec = (long)(wake_ns % NS_PER_S)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
}

uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        die("clock_gettime");
    return timespec_ns(now);
}
