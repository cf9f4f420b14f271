// Reads member cards: from a scanner that types like a keyboard, or from the camera.
const TYPED_FASTER_THAN_MS = 35;
const SHORTEST_CODE = 6;
const READ = ['qr_code', 'code_128', 'code_39', 'ean_13'];

class Scan extends HTMLElement {
  connectedCallback() {
    this.burst = '';
    this.lastAt = 0;
    this.dialog = this.querySelector('dialog');
    this.video = this.querySelector('video');
    this.onKey = (event) => this.listen(event);
    // While capturing, so that a scan is seen wherever the focus is.
    document.addEventListener('keydown', this.onKey, true);
    const camera = this.querySelector('[data-camera]');
    camera?.addEventListener('click', () => this.watch());
    // Without one, or on a page that is not served over https.
    if (camera && !navigator.mediaDevices?.getUserMedia) camera.hidden = true;
    this.dialog.addEventListener('close', () => this.stop());
  }

  disconnectedCallback() {
    document.removeEventListener('keydown', this.onKey, true);
    this.stop();
  }

  listen(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const fast = event.timeStamp - this.lastAt < TYPED_FASTER_THAN_MS;
    this.lastAt = event.timeStamp;
    if (event.key === 'Enter') {
      const code = fast ? this.burst : '';
      this.burst = '';
      if (code.length < SHORTEST_CODE) return;
      event.preventDefault();
      event.stopPropagation();
      if (this.typedInto) this.typedInto.field.value = this.typedInto.value;
      this.found(code);
    } else if (event.key.length === 1) {
      if (!fast) {
        this.burst = '';
        // What the scanner types lands in the focused field; remember how it was.
        const field = document.activeElement;
        const writable = field instanceof HTMLInputElement;
        this.typedInto = writable ? { field, value: field.value } : null;
      }
      this.burst += event.key;
    } else if (event.key !== 'Shift') {
      // From field to field goes a person; a scanner only shifts for its capitals.
      this.burst = '';
    }
  }

  found(code) {
    this.say(this.dataset.read, 'scan--busy');
    this.dispatchEvent(new CustomEvent('scan', { bubbles: true, detail: { code } }));
    const form = document.getElementById(this.dataset.form);
    const field = form?.elements.namedItem(this.dataset.field);
    if (!field) return;
    field.value = code;
    form.requestSubmit();
  }

  say(text, state) {
    this.querySelector('[data-state]').textContent = text;
    this.classList.remove('scan--busy', 'scan--bad');
    if (state) this.classList.add(state);
  }

  async watch() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: 'environment' },
      });
    } catch {
      this.say(this.dataset.failed, 'scan--bad');
      return;
    }
    this.dialog.showModal();
    this.video.srcObject = this.stream;
    await this.video.play();
    const read = await this.reader();
    const look = async () => {
      if (!this.stream) return;
      const code = await read(this.video);
      if (code) {
        this.dialog.close();
        this.found(code);
      } else {
        setTimeout(look, 120);
      }
    };
    look();
  }

  async reader() {
    if ('BarcodeDetector' in window) {
      const kinds = await window.BarcodeDetector.getSupportedFormats();
      if (kinds.includes('qr_code')) {
        // Printed cards have bars; where only jsQR reads, a scanner does, or the keys.
        const formats = kinds.filter((kind) => READ.includes(kind));
        const detector = new window.BarcodeDetector({ formats });
        return async (video) => (await detector.detect(video))[0]?.rawValue;
      }
    }
    await this.load(this.dataset.jsqr);
    const canvas = document.createElement('canvas');
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    return (video) => {
      if (!video.videoWidth) return '';
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      pen.drawImage(video, 0, 0);
      const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
      return window.jsQR(data, width, height)?.data;
    };
  }

  load(address) {
    if (window.jsQR) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = address;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = undefined;
  }
}

customElements.define('lp-scan', Scan);
