// Puts a menu's popover beside its button, and lets arrow keys walk through it.
class Menu extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector('[popovertarget]');
    this.panel = this.querySelector('[popover]');
    this.panel.addEventListener('toggle', (event) => {
      if (event.newState === 'open') this.place();
    });
    this.addEventListener('keydown', (event) => this.walk(event));
  }

  place() {
    const at = this.button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.panel;
    const alignEnd = at.left + width > innerWidth - 8;
    const left = alignEnd ? at.right - width : at.left;
    const below = at.bottom + 6;
    const fits = below + height < innerHeight - 8;
    const top = fits ? below : Math.max(8, at.top - height - 6);
    this.panel.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    this.panel.style.top = `${top}px`;
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    if (!this.panel.matches(':popover-open')) {
      if (event.target !== this.button) return;
      this.panel.showPopover({ source: this.button });
    }
    event.preventDefault();
    const items = [...this.panel.querySelectorAll('a[href], button:not(:disabled)')];
    const at = items.indexOf(document.activeElement);
    const next = at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length;
    items[next]?.focus();
  }
}

customElements.define('lp-menu', Menu);
