package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// meter reads what the daemon spends. It finds the daemon by asking the kernel
// who listens on the socket.
type meter struct {
	pid int
	cpu time.Duration
	rss int64
}

// spent is the daemon's use since the meter was made. RSS is in KiB.
type spent struct {
	PID       int     `json:"pid"`
	CPUMillis float64 `json:"cpu_ms"`
	RSSBefore int64   `json:"rss_kib_before"`
	RSSAfter  int64   `json:"rss_kib_after"`
	FDs       int     `json:"fds"`
	Threads   int     `json:"threads"`
}

func newMeter(socket string) (*meter, error) {
	pid, err := listener(socket)
	if err != nil {
		return nil, err
	}
	m := &meter{pid: pid}
	if m.cpu, err = cpuTime(pid); err != nil {
		return nil, err
	}
	m.rss, err = rss(pid)
	return m, err
}

func (m *meter) read() (spent, error) {
	cpu, err := cpuTime(m.pid)
	if err != nil {
		return spent{}, err
	}
	kib, err := rss(m.pid)
	if err != nil {
		return spent{}, err
	}
	return spent{m.pid, millis(cpu - m.cpu), m.rss, kib, entries(m.pid, "fd"), entries(m.pid, "task")}, nil
}

// listener is the process that called listen(2) on the socket (SO_PEERCRED, unix(7)).
func listener(socket string) (int, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var owner *unix.Ucred
	var failure error
	if err := raw.Control(func(fd uintptr) {
		owner, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if failure != nil {
		return 0, failure
	}
	return int(owner.Pid), nil
}

// cpuTime is a process's CPU clock, all threads, to the nanosecond; the ticks
// of /proc/PID/stat are 10 ms. The clock id is the one clock_getcpuclockid(3) gives.
func cpuTime(pid int) (time.Duration, error) {
	const schedClock = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedClock), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

func rss(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			return strconv.ParseInt(string(bytes.Fields(value)[0]), 10, 64)
		}
	}
	return 0, fmt.Errorf("no VmRSS for process %d", pid)
}

func entries(pid int, folder string) int {
	names, _ := os.ReadDir(fmt.Sprintf("/proc/%d/%s", pid, folder))
	return len(names)
}

// spread is the distribution of some latencies in milliseconds.
type spread struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func spreadOf(latencies []time.Duration) spread {
	if len(latencies) == 0 {
		return spread{}
	}
	slices.Sort(latencies)
	last := len(latencies) - 1
	at := func(share float64) float64 { return millis(latencies[min(last, int(share*float64(len(latencies))))]) }
	return spread{at(.5), at(.9), at(.99), millis(latencies[last])}
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
