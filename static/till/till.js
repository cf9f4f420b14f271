// The till page: locks itself when nobody is there, and keeps the pad ready.

// Sends a form when nothing has been touched for a while. The server locks by its own
// clock; this clears the screen, so that nobody reads what stood there.
class Idle extends HTMLElement {
  connectedCallback() {
    this.touched = () => {
      this.at = Date.now();
    };
    this.touched();
    ['pointerdown', 'keydown', 'htmx:afterSettle'].forEach((name) =>
      document.addEventListener(name, this.touched),
    );
    this.timer = setInterval(() => {
      if (Date.now() - this.at < Number(this.dataset.after) * 1000) return;
      clearInterval(this.timer);
      document.getElementById(this.dataset.form).requestSubmit();
    }, 5000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    ['pointerdown', 'keydown', 'htmx:afterSettle'].forEach((name) =>
      document.removeEventListener(name, this.touched),
    );
  }
}

customElements.define('lp-idle', Idle);

// The keys on the screen replace the tablet's own keyboard, which would cover half of
// it. Only here, so that without scripts the tablet still shows one.
document.querySelectorAll('lp-keypad input').forEach((input) => {
  input.inputMode = 'none';
});

document.addEventListener('htmx:afterSwap', (event) => {
  if (event.detail.target.id !== 'answer') return;
  const scan = document.querySelector('lp-scan');
  scan?.say(scan.dataset.ready);
  // Below the pad on a narrow screen: bring the answer into view.
  const answer = document.getElementById('answer');
  if (answer.getBoundingClientRect().top > innerHeight * 0.6) {
    answer.scrollIntoView({ block: 'start' });
  }
});

// A digit typed on a keyboard goes into the number, wherever the focus is.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[0-9+]$/.test(event.key)) return;
  if (document.activeElement instanceof HTMLInputElement) return;
  document.querySelector('lp-keypad input')?.focus();
});
