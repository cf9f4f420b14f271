// The till page: locks itself when nobody is there, goes on by keyboard, and loses
// nothing when the network does.

const ANSWER = 'answer';
// Longer than a slow answer, shorter than a queue's patience.
const ANSWER_WITHIN_MS = 8000;
const KEPT = 'till';
const KEPT_FOR_MS = 15 * 60 * 1000;
// Where the number is still being typed; after the others the next one begins.
const UNFINISHED = ['number_invalid', 'too_many'];

const field = () => document.querySelector('lp-keypad input');

if (window.htmx) window.htmx.config.timeout = ANSWER_WITHIN_MS;

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
      sessionStorage.removeItem(KEPT);
      const form = document.getElementById(this.dataset.form);
      form.dataset.idle = '';
      form.requestSubmit();
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

// Keeps what was typed while somebody locks the till and comes back: for that person
// only, in this tab only, and not when the till locked itself.
class Keep extends HTMLElement {
  connectedCallback() {
    const lock = document.getElementById(this.dataset.form);
    const form = document.getElementById(this.dataset.typed);
    lock.addEventListener('submit', () => {
      const typed = field().value;
      if ('idle' in lock.dataset || !typed) return;
      const answered = 'outcome' in document.getElementById(ANSWER).dataset;
      const kept = { staff: this.dataset.staff, typed, answered, at: Date.now() };
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    });
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
    sessionStorage.removeItem(KEPT);
    if (kept?.staff !== this.dataset.staff || Date.now() - kept.at > KEPT_FOR_MS) return;
    field().value = kept.typed;
    // Not before htmx listens.
    if (kept.answered) addEventListener('load', () => form.requestSubmit());
  }
}

// Says that the network did not answer, and sends the same again.
class Lost extends HTMLElement {
  connectedCallback() {
    this.failed = (event) => {
      // Said here, with what to do about it; the kit's toast would say it again.
      event.stopPropagation();
      this.form = event.detail.elt;
      this.hidden = false;
      this.querySelector('[data-again]').focus();
      ready();
    };
    this.answered = () => {
      this.hidden = true;
    };
    ['htmx:sendError', 'htmx:timeout', 'htmx:responseError'].forEach((name) =>
      document.addEventListener(name, this.failed, true),
    );
    document.addEventListener('htmx:beforeSwap', this.answered);
    this.querySelector('[data-again]').addEventListener('click', () => {
      if (this.form instanceof HTMLFormElement) this.form.requestSubmit();
      else this.form?.click();
    });
  }

  disconnectedCallback() {
    ['htmx:sendError', 'htmx:timeout', 'htmx:responseError'].forEach((name) =>
      document.removeEventListener(name, this.failed, true),
    );
    document.removeEventListener('htmx:beforeSwap', this.answered);
  }
}

function ready() {
  const scan = document.querySelector('lp-scan');
  scan?.say(scan.dataset.ready);
}

customElements.define('lp-lost', Lost);
customElements.define('lp-keep', Keep);

// The keys on the screen replace the tablet's own keyboard, which would cover half of
// it. Only here, so that without scripts the tablet still shows one.
document.querySelectorAll('lp-keypad input').forEach((input) => {
  input.inputMode = 'none';
});

document.addEventListener('htmx:afterSettle', (event) => {
  if (event.detail.target.id !== ANSWER) return;
  ready();
  const answer = document.getElementById(ANSWER);
  // Enter does the next step; a number typed now is the next customer's.
  answer.querySelector('[data-first], [data-go]')?.focus();
  // Below the pad on a narrow screen: bring the answer into view.
  if (answer.getBoundingClientRect().top > innerHeight * 0.6) {
    answer.scrollIntoView({ block: 'start' });
  }
});

// After an answer the first key begins a new number.
function beginNext() {
  const answer = document.getElementById(ANSWER);
  if (!('outcome' in answer.dataset) || 'begun' in answer.dataset) return;
  if (UNFINISHED.includes(answer.dataset.outcome)) return;
  answer.dataset.begun = '';
  field().value = '';
}

document.querySelector('lp-keypad')?.addEventListener(
  'click',
  (event) => {
    if (document.getElementById(ANSWER) && event.target.closest('[data-key]')) beginNext();
  },
  true,
);

// What a scanner types into the field is no number of the next customer.
document.addEventListener('scan', ({ detail }) => {
  if (field()?.value.endsWith(detail.code.slice(1))) field().value = '';
});

// Back to the empty pad, without asking the network.
function startOver() {
  const answer = document.getElementById(ANSWER);
  delete answer.dataset.outcome;
  delete answer.dataset.begun;
  answer.replaceChildren(document.getElementById('ready').content.cloneNode(true));
  document.getElementById('lost').hidden = true;
  field().value = '';
  field().focus();
  scrollTo({ top: 0 });
}

document.addEventListener('click', (event) => {
  if (!document.getElementById('ready') || !event.target.closest('[data-next]')) return;
  event.preventDefault();
  startOver();
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (!document.getElementById(ANSWER)) return;
  if (event.key === 'Escape') {
    if (!document.querySelector('dialog[open], :popover-open')) startOver();
  } else if (event.key === 'F9') {
    event.preventDefault();
    document.getElementById('lock').requestSubmit();
  } else if (event.key === 'F2') {
    event.preventDefault();
    document.getElementById('search-name')?.click();
  } else if (/^[0-9+]$/.test(event.key)) {
    // A digit typed on a keyboard goes into the number, wherever the focus is.
    if (document.activeElement instanceof HTMLInputElement) return;
    beginNext();
    field()?.focus();
  }
});
