// Changes the theme at once; the server remembers it in a cookie for the next page.
class Theme extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector('form');
    form.addEventListener('submit', (event) => {
      const chosen = event.submitter;
      if (!chosen) return;
      event.preventDefault();
      const body = new FormData(form, chosen);
      fetch(form.action, { method: 'POST', body, redirect: 'manual' });
      const { value } = chosen;
      const root = document.documentElement;
      if (value === 'auto') delete root.dataset.theme;
      else root.dataset.theme = value;
      document
        .querySelector('meta[name="color-scheme"]')
        ?.setAttribute('content', value === 'auto' ? 'light dark' : value);
      document.querySelectorAll('lp-theme button[name="theme"]').forEach((each) => {
        each.setAttribute('aria-pressed', String(each.value === value));
      });
    });
  }
}

customElements.define('lp-theme', Theme);
