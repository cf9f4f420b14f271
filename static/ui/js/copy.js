// Copies what a field holds. Without the clipboard it is selected, to be copied by hand.
class Copy extends HTMLElement {
  connectedCallback() {
    this.addEventListener('click', (event) => {
      if (event.target.closest('[data-copy]')) this.copy();
    });
    this.field.addEventListener('focus', () => this.field.select());
  }

  get field() {
    return this.querySelector('input');
  }

  async copy() {
    this.field.select();
    try {
      await navigator.clipboard.writeText(this.field.value);
      this.querySelector('[data-said]').textContent = this.dataset.copied;
      this.querySelector('[data-copy]').lastChild.textContent = this.dataset.copied;
    } catch {
      // Not allowed, or not over HTTPS: it stays selected.
    }
  }
}

customElements.define('lp-copy', Copy);
