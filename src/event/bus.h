/*
 * bus.h: the list of listeners of one context, and posting to them: one event at a time, in the order of posting.
 */
#ifndef CERIUM_EVENT_BUS_H
#define CERIUM_EVENT_BUS_H

#include "base/thread.h"
#include <cerium/event.h>
#include <stdatomic.h>

typedef struct cei_bus_entry {
    ce_listener *listener;
    void *arg;
} cei_bus_entry;

typedef struct cei_bus {
    cei_lock lock;          /* held while listeners are called */
    cei_bus_entry *entries; /* on the heap, in the order of adding */
    _Atomic(uint32_t) count;
    uint32_t room;
    uint32_t next; /* the entry that the event being posted goes to next */
} cei_bus;

void cei_bus_open(cei_bus *bus);
void cei_bus_close(cei_bus *bus);

/* Both may also be called by a listener, for itself too: one that is added gets the event that is being posted, one
 * that is removed is not called again once the call has returned. Removing what was never added does nothing; what was
 * added twice is removed once. */
ce_status cei_bus_add(cei_bus *bus, ce_listener *listener, void *arg);
void cei_bus_remove(cei_bus *bus, ce_listener *listener, void *arg);

/* Whether anybody listens: asked before an event is made, one relaxed load. */
static inline bool cei_bus_has_listeners(cei_bus *bus)
{
    return atomic_load_explicit(&bus->count, memory_order_relaxed) > 0;
}

/* Sets event->time_ms and calls every listener. Any thread, but not from a listener. */
void cei_bus_post(cei_bus *bus, ce_event *event);

#endif
