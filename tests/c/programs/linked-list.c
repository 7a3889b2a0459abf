#include "check.h"

struct node {
  struct node *next;
  int n;
};

int main(void)
{
  struct node *head = NULL, *p;
  for (int i = 0; i < 50; i++) {
    p = malloc(sizeof *p);
    CHECK(p != NULL);
    *p = (struct node){head, i};
    head = p;
  }
  struct node *reversed = NULL;
  while (head) {
    p = head->next;
    head->next = reversed;
    reversed = head;
    head = p;
  }
  int n = 0, sum = 0;
  while (reversed) {
    CHECK(reversed->n == n++);
    sum += reversed->n;
    p = reversed->next;
    free(reversed);
    reversed = p;
  }
  printf("%d %d\n", n, sum);
  DONE;
}
