// One WebSocket that comes back: with growing, jittered waits, saying so meanwhile.
const FIRST_WAIT = 1;
const LONGEST_WAIT = 30;

export class Socket {
  #path;
  #query = "";
  #hooks;
  #socket = null;
  #timer = null;
  #failures = 0;
  state = "connecting";
  wait = 0;

  constructor(path, hooks) {
    this.#path = path;
    this.#hooks = hooks;
    // A laptop that wakes up should not wait for the next try.
    addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  open(query) {
    this.close();
    this.#query = query;
    this.#failures = 0;
    this.#connect();
  }

  close() {
    clearInterval(this.#timer);
    this.#timer = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect() {
    this.#say("connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const query = this.#query ? `?${this.#query}` : "";
    const socket = new WebSocket(`${scheme}://${location.host}${this.#path}${query}`);
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket) return;
      this.#failures = 0;
      if (this.state !== "live") this.#say("live");
      this.#hooks.onMessage(JSON.parse(data));
    });
    socket.addEventListener("close", () => {
      if (socket === this.#socket) this.#again();
    });
  }

  #again() {
    this.#socket = null;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++);
    this.wait = Math.max(1, Math.round(longest * (0.5 + Math.random() / 2)));
    this.#say("lost");
    this.#timer = setInterval(() => {
      this.wait -= 1;
      if (this.wait <= 0) this.#retryNow();
      else this.#say("lost");
    }, 1000);
  }

  #retryNow() {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#connect();
  }

  #say(state) {
    this.state = state;
    this.#hooks.onState(state, this.wait);
  }
}
