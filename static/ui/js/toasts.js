// Shows notices that come with a partial answer (HX-Trigger), and lets all of them go.
const SHOWN_MS = 6000;

class Toasts extends HTMLElement {
  connectedCallback() {
    this.pattern = this.querySelector('template');
    this.querySelectorAll('[data-toast]').forEach((toast) => this.tend(toast));
    document.body.addEventListener('toast', (event) => {
      const notices = event.detail.value ?? [event.detail];
      notices.forEach(({ tone, text }) => this.add(tone, text));
    });
    document.body.addEventListener('htmx:sendError', () => this.add('error', this.dataset.failed));
    document.body.addEventListener('htmx:responseError', (event) => {
      const refused = [401, 403].includes(event.detail.xhr.status);
      this.add('error', refused ? this.dataset.refused : this.dataset.failed);
    });
  }

  add(tone, text) {
    const { content } = this.pattern;
    const like = content.querySelector(`.toast--${tone}`) ?? content.querySelector('.toast--info');
    const toast = like.cloneNode(true);
    toast.querySelector('p').textContent = text;
    this.append(toast);
    this.tend(toast);
  }

  tend(toast) {
    const leave = () => {
      toast.classList.add('toast--out');
      setTimeout(() => toast.remove(), 200);
    };
    toast.querySelector('[data-toast-close]').addEventListener('click', leave);
    // What went wrong stays until it is closed.
    if (toast.matches('.toast--error, .toast--warning')) return;
    let timer = setTimeout(leave, SHOWN_MS);
    const hold = () => clearTimeout(timer);
    const release = () => {
      clearTimeout(timer);
      timer = setTimeout(leave, SHOWN_MS);
    };
    toast.addEventListener('pointerenter', hold);
    toast.addEventListener('focusin', hold);
    toast.addEventListener('pointerleave', release);
    toast.addEventListener('focusout', release);
  }
}

customElements.define('lp-toasts', Toasts);
