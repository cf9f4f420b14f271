// The member's card: a fresh code before the till would refuse this one, and a screen
// that stays awake while the card is shown large.
const FRESH_MS = 5 * 60 * 1000;

class CardCode extends HTMLElement {
  connectedCallback() {
    this.at = Date.now();
    this.timer = setInterval(() => this.renew(), FRESH_MS);
    // A phone that was in a pocket has let the time pass without counting.
    this.seen = () => {
      if (document.visibilityState !== 'visible') return;
      if (Date.now() - this.at > FRESH_MS) this.renew();
      this.stayAwake();
    };
    document.addEventListener('visibilitychange', this.seen);
    this.stayAwake();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    document.removeEventListener('visibilitychange', this.seen);
  }

  async renew() {
    try {
      const answer = await fetch(this.dataset.src, { redirect: 'manual' });
      if (!answer.ok) return;
      this.innerHTML = await answer.text();
      this.at = Date.now();
    } catch {
      // No network just now: the next try is in five minutes, or at the next look.
    }
  }

  async stayAwake() {
    if (!('large' in this.dataset)) return;
    try {
      await navigator.wakeLock?.request('screen');
    } catch {
      // The battery is low or the browser does not want to: the card shows all the same.
    }
  }
}

customElements.define('lp-card-code', CardCode);
