// The lines of the tail. Tells the page whether anybody can see them, so that nothing is sent to a hidden tab.
export default {
  template: `
    <div class="tail-lines">
      <a v-for="line in drawn" :key="line.key" class="tail-line" :href="line.href">
        <span class="muted num t12">{{ line.time }}</span>
        <div class="who"><span class="medium truncate">{{ line.name }}</span>
          <span class="muted t12 truncate">{{ line.address }}</span></div>
        <div class="what"><span :class="'chip ' + line.tone"><span class="t">{{ line.state }}</span></span>
          <span class="muted t12 truncate" :title="line.words">{{ line.words }}</span></div>
      </a>
    </div>`,
  props: { lines: String },
  computed: {
    drawn() {
      return JSON.parse(this.lines || "[]");
    },
  },
  mounted() {
    this.near = true;
    this.tell = () => {
      const seen = this.near && !document.hidden;
      if (seen === this.seen) return;
      this.seen = seen;
      this.$emit("seen", seen);
    };
    this.watcher = new IntersectionObserver((entries) => {
      this.near = entries[entries.length - 1].isIntersecting;
      this.tell();
    });
    this.watcher.observe(this.$el.parentElement || this.$el);
    document.addEventListener("visibilitychange", this.tell);
  },
  unmounted() {
    this.watcher.disconnect();
    document.removeEventListener("visibilitychange", this.tell);
  },
};
