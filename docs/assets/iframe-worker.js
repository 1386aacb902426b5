// Browsers start no workers for pages that were opened from a disk. There, a worker is a hidden frame, so that search works.
if (location.protocol === "file:" && "Worker" in window) {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => {
        const message = new MessageEvent("message", { data });
        this.dispatchEvent(message);
        if (this.onmessage) this.onmessage(message);
      };
      inside.importScripts = (...urls) => Promise.all(urls.map((each) => this.load(each)));
      this.inside = inside;
      this.ready = this.load(url);
    }
    load(url) {
      return new Promise((done, failed) => {
        const script = this.inside.document.createElement("script");
        script.src = url;
        script.onload = done;
        script.onerror = failed;
        this.inside.document.body.append(script);
      });
    }
    postMessage(data) {
      this.ready.then(
        () => this.inside.dispatchEvent(new this.inside.MessageEvent("message", { data })),
        () => this.onerror && this.onerror(new ErrorEvent("error", { cancelable: true })),
      );
    }
    terminate() {
      this.inside.frameElement.remove();
    }
  };
}
